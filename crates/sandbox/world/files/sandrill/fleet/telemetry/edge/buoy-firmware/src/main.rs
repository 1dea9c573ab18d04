#![no_std]
#![no_main]

/// Wave height from acceleration, in centimetres, over a window of twenty minutes.
pub fn significant_height(samples: &[i16]) -> u16 {
    let mut sum: u64 = 0;
    for sample in samples {
        sum += u64::from(sample.unsigned_abs()).pow(2);
    }
    let mean = sum / samples.len().max(1) as u64;
    (mean.isqrt() * 4) as u16
}
