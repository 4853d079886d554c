import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The validity of the certificate of a device, in milliseconds. */
const validity = 365 * 86_400_000

/**
 * Creates a certificate whose common name is the id of a device, and writes it and its key to a directory, to files with a name
 * and the endings `.crt` and `.key`. Returns the certificate of its authority, PEM; the authority signs no other certificate, and
 * its key is not kept.
 */
export async function createDeviceCertificate(
  deviceId: string,
  directory: string,
  fileName: string = deviceId,
): Promise<string> {
  const { createAuthority } = await import('@antiphon/broker/certificates')
  const now = Date.now()
  const period = [now - 3_600_000, now + validity] as const
  const authority = await createAuthority(`Antiphon device ${deviceId}`, period)
  const { cert, key } = await authority.issue({ commonName: deviceId, usage: 'client', validity: period })
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, `${fileName}.crt`), cert)
  await writeFile(join(directory, `${fileName}.key`), key, { mode: 0o600 })
  return authority.cert
}
