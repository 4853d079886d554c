/**
 * Certificates for development and tests: an authority in memory that issues certificates of servers and clients.
 *
 * @packageDocumentation
 */
export { createAuthority } from '../certificates/certificate-authority.js'
export type {
  CertificateAuthority,
  CertificateContent,
  Identity,
} from '../certificates/certificate-authority.js'
