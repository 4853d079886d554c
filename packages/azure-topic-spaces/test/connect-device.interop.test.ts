import { describeForeign, foreignCommand, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectDevice, parseConnectionString, toCredentials, type DeviceOptions } from '../src/index.js'
import { firstState } from './first-state.js'
import { unlockOnce } from './unlock-once.js'

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

/** Creates the lines of a password file for a connection in any second of the next ten minutes. */
async function passwordLines(connectionString: string): Promise<readonly string[]> {
  const device = parseConnectionString(connectionString)
  const now = Date.now()
  const seconds = Array.from({ length: 600 }, (_, second) => now + second * 1000)
  return Promise.all(
    seconds.map(async (issuedAt) => {
      const { username, password } = await toCredentials(device, {
        issuedAt,
        expiresAt: issuedAt + 3_600_000,
      })
      return `${username}:${String(password)}\n`
    }),
  )
}

describeForeign(['mosquitto', 'mosquitto_passwd'], 'the device code against Mosquitto', () => {
  const strings = {
    car1: `HostName=localhost;DeviceId=car1;SharedAccessKey=${key}`,
    mobile1: `HostName=localhost;DeviceId=mobile1;SharedAccessKey=${key}`,
  }
  let folder: string
  let certificates: Certificates
  let mosquitto: Mosquitto
  beforeAll(async () => {
    certificates = await makeCertificates()
    folder = await mkdtemp(join(tmpdir(), 'antiphon-passwords-'))
    const passwords = join(folder, 'passwords')
    const lines = await Promise.all(Object.values(strings).map(passwordLines))
    await writeFile(passwords, lines.flat().join(''))
    await promisify(execFile)(foreignCommand('mosquitto_passwd') ?? '', ['-U', passwords])
    const { caFile, server } = certificates
    mosquitto = await startMosquitto({
      tls: { caFile, certFile: server.certFile, keyFile: server.keyFile },
      config: ['allow_anonymous false', `password_file ${passwords}`],
    })
  })
  afterAll(async () => {
    await mosquitto.stop()
    await Promise.all([certificates.remove(), rm(folder, { recursive: true })])
  })

  const options = (): DeviceOptions => ({ url: mosquitto.tlsUrl ?? '', ca: certificates.ca })

  it('unlocks a car at Mosquitto with TLS and passwords', async () => {
    expect(await unlockOnce(strings, options())).toBe('Success')
  })

  it('fails with return code 5 at Mosquitto with the wrong key', async () => {
    const stranger = connectDevice(strings.car1.replace('MDEy', 'ABCD'), options())
    expect(await firstState(stranger.state$)).toMatchObject({ status: 'closed', error: { reasonCode: 5 } })
    await stranger.close()
  })
})
