/** Reading and writing the SSH wire format (RFC 4251, section 5), strictly: one spelling for each value. */

/** Bytes that are no SSH wire value. Never leaves `core/trust`: callers name what it was they read. */
export class SshWireError extends Error {
  override readonly name = 'SshWireError';
}

/** A cursor over wire bytes; each read throws {@link SshWireError} rather than go past the end. */
export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  raw(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new SshWireError('bytes end too soon');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.raw(1).readUInt8();
  }

  uint32(): number {
    return this.raw(4).readUInt32BE();
  }

  string(): Buffer {
    return this.raw(this.uint32());
  }

  /** A string of printable ASCII, as names and namespaces are. */
  name(): string {
    const text = this.string().toString('latin1');
    if (!/^[\x21-\x7e]+$/.test(text)) throw new SshWireError('name is empty or not printable ASCII');
    return text;
  }

  /** A positive multiple-precision integer, big-endian, without the sign byte. */
  positive(): Buffer {
    const bytes = this.string();
    const [first = 0, second = 0] = bytes;
    if (bytes.length === 0 || first >= 0x80) throw new SshWireError('number is not positive');
    if (first !== 0) return bytes;
    // A leading zero may only keep the sign bit clear: else one number would have many spellings.
    if (second < 0x80) throw new SshWireError('number has a superfluous leading zero');
    return bytes.subarray(1);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new SshWireError('trailing bytes');
  }
}

/** The wire form of a byte. */
export function sshByte(value: number): Buffer {
  return Buffer.from([value]);
}

/** The wire form of a 32-bit unsigned number. */
export function sshUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The wire form of a string: its length in bytes, then the bytes. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([sshUint32(bytes.length), bytes]);
}

/** Base64 with padding, refusing every second spelling of the same bytes; undefined if it is none. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
