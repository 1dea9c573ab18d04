package example.sandrill.manifest;

import java.util.List;

/** Who and what is on board of one sailing. */
public record Manifest(String sailing, List<Person> persons, List<Cargo> cargo) {
    public int souls() {
        return persons.size();
    }

    public record Person(String name, String nationality, boolean needsHelp) {}

    public record Cargo(String plate, int kilograms, boolean dangerous) {}
}
