package example.sandrill.fleet;

/** An IMO number; its last digit is a checksum. */
public record Imo(String digits) {
    public Imo {
        if (!digits.matches("[0-9]{7}")) {
            throw new IllegalArgumentException("an IMO number has seven digits");
        }
        int sum = 0;
        for (int i = 0; i < 6; i++) {
            sum += (digits.charAt(i) - '0') * (7 - i);
        }
        if (sum % 10 != digits.charAt(6) - '0') {
            throw new IllegalArgumentException("wrong check digit");
        }
    }
}
