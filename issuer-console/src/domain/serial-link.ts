/** What belongs to one card or person, as J-LIS alone knows: 署名用 to 利用者証明用, and old to new. */
export interface SerialLink {
  /**
   * The user-authentication certificate that there is now; undefined where J-LIS tells of none. Rejects with
   * ERR_STATEMENT_LINK_UNREACHABLE where J-LIS cannot be asked.
   */
  link(asked: LinkedSerial): Promise<LinkedCertificate | undefined>;
}

/** Serial number in hex: lower case, two digits an octet, no octet of zero in front; the issuer by name. */
export interface LinkedSerial {
  readonly serial: string;
  readonly issuer: string;
}

export interface LinkedCertificate extends LinkedSerial {
  /** DER, where J-LIS gives it. */
  readonly certificate?: Uint8Array | undefined;
}
