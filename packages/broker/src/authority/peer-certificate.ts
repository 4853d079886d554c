/** A client's verified certificate. */
export interface PeerCertificate {
  readonly commonName: string
  readonly fingerprint256: string
  /** The whole certificate, in DER. */
  readonly raw: Uint8Array
}
