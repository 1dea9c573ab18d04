//! Catalog files: bytes in, documents and problems out.
