package example.sandrill.manifest.authority;

import example.sandrill.manifest.Manifest;

/** The authority answers with a receipt number; no receipt, no departure report. */
public interface Sender {
    String send(Manifest manifest);
}
