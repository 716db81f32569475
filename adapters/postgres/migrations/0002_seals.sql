-- Sealed credentials: ciphertext and public facts only. The text is the canonical JSON that the digest covers.

CREATE TABLE seals (
  digest text CONSTRAINT seals_digest PRIMARY KEY,
  account text NOT NULL,
  part text NOT NULL CHECK (part IN ('password', 'mfa')),
  generation integer NOT NULL CHECK (generation >= 1),
  sealed text NOT NULL,
  signature text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT seals_generation UNIQUE (account, part, generation),
  CONSTRAINT seals_digest_is_of_text CHECK (digest = encode(sha256(convert_to(sealed, 'UTF8')), 'hex'))
);
CALL make_append_only('seals');
GRANT SELECT, INSERT ON seals TO breakglass_writer;
GRANT SELECT ON seals TO breakglass_api;
