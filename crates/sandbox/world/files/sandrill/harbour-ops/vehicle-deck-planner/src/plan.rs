//! Placing: heaviest first, always on the lane that keeps the ship level. Metres and kilogrammes.

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Load {
    pub lanes: usize,
    pub vehicles: Vec<Vehicle>,
}

#[derive(Clone, Deserialize, Serialize)]
pub struct Vehicle {
    pub plate: String,
    pub length: f64,
    pub weight: f64,
}

#[derive(Serialize)]
pub struct Placed {
    pub plate: String,
    pub lane: usize,
}

/// The lane with the least weight takes the next vehicle.
pub fn place(load: &Load) -> Vec<Placed> {
    let mut vehicles = load.vehicles.clone();
    vehicles.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut weights = vec![0.0_f64; load.lanes.max(1)];
    let mut placed = Vec::with_capacity(vehicles.len());
    for vehicle in vehicles {
        let mut lane = 0;
        for (index, weight) in weights.iter().enumerate() {
            if *weight < weights[lane] {
                lane = index;
            }
        }
        weights[lane] += vehicle.weight;
        placed.push(Placed { plate: vehicle.plate, lane });
    }
    placed
}
