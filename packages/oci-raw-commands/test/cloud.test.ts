import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom, lastValueFrom, NEVER, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ociProgram } from '../src/cli/program.js'
import { cloudUrl, readApiKey, signedFetch } from '../src/cloud/index.js'
import { dataApiRecords, invoke$, invokeCommand, serveCommands } from '../src/index.js'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { apiKey, cloudStandIn, dataToken, type CloudOptions, type CloudStandIn } from './cloud-stand-in.js'
import { door, hello, lamp } from './world.js'

let platform: Platform
const open: { readonly close: () => Promise<void> }[] = []

beforeEach(async () => {
  platform = createPlatform({ instances: [lamp, door] })
  const device = platform.broker.link({
    clientId: 'lamp',
    clean: false,
    sessionExpiryInterval: 3_600,
    username: lamp.externalKey,
    password: lamp.password,
  })
  const isSubscribed = firstValueFrom(device.subscription$('iot/v1/cmd/#'))
  serveCommands(device).subscribe()
  await isSubscribed
  open.push(device, platform)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const each of open.splice(0)) await each.close()
})

async function start(names: CloudOptions['names']): Promise<CloudStandIn> {
  const cloud = await cloudStandIn(platform, { names })
  open.unshift(cloud)
  return cloud
}

const optionsFor = ({ url, dataUrl }: CloudStandIn, token = dataToken): Parameters<typeof invoke$>[2] => ({
  url,
  fetch: signedFetch(apiKey),
  records: dataApiRecords({ url: dataUrl, token: () => Promise.resolve(token), pollPeriod: 5 }),
})

describe('dataApiRecords', () => {
  it.each<CloudOptions['names']>(['location', 'request-id', 'nothing'])(
    'reads the record of a signed invoke if the response names it by %s',
    async (names) => {
      const cloud = await start(names)
      const progress = await lastValueFrom(invoke$(lamp.id, hello, optionsFor(cloud)).pipe(toArray()))
      expect(progress.at(-1)).toMatchObject({
        status: 'COMPLETED',
        record: { request_data: { hello: 'world' }, response_data: { status: 'acknowledged' } },
      })
      const lists = cloud.requests.filter((request) => request.includes('rawCommandData?q='))
      expect(lists.length > 0).toBe(names === 'nothing')
    },
  )

  it('ignores records of other devices, of other endpoints and from before the invoke', async () => {
    const cloud = await start('nothing')
    platform.invoke(door.id, hello)
    platform.invoke(lamp.id, {
      ...hello,
      requestEndpoint: 'iot/v1/cmd/other',
      responseEndpoint: 'iot/v1/rsp/other',
    })
    const { record } = await lastValueFrom(invoke$(lamp.id, hello, optionsFor(cloud)))
    expect(record).toMatchObject({ digital_twin_instance_id: lamp.id, request_endpoint: 'iot/v1/cmd' })
  })

  it('fails with protocol, and does not guess, if several records may be that of the command', async () => {
    const cloud = await start('nothing')
    platform.invoke(lamp.id, hello)
    await expect(lastValueFrom(invoke$(lamp.id, hello, optionsFor(cloud)))).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(/2 records .* "iot\/v1\/cmd"; give each command an endpoint/) as string,
    })
  })

  it('fails if the data API refuses the token, or cannot be reached', async () => {
    const cloud = await start('location')
    await expect(lastValueFrom(invoke$(lamp.id, hello, optionsFor(cloud, 'wrong')))).rejects.toMatchObject({
      message: expect.stringContaining('the data API answered 401') as string,
    })
    const nowhere = dataApiRecords({ url: 'http://127.0.0.1:1', token: () => dataToken })
    const options = { ...optionsFor(cloud), records: nowhere }
    await expect(lastValueFrom(invoke$(lamp.id, hello, options))).rejects.toMatchObject({
      code: 'connection-lost',
    })
  })
})

describe('signedFetch', () => {
  it('is refused with another key', async () => {
    const { url } = await start('location')
    const fetch = signedFetch({ ...apiKey, keyId: 'ocid1.tenancy/ocid1.user/other' })
    await expect(invokeCommand(lamp.id, hello, { url, fetch })).rejects.toMatchObject({
      message: expect.stringContaining('NotAuthenticated') as string,
    })
  })

  it('signs requests without a body by date, target and host', async () => {
    const seen: Headers[] = []
    const fetch = signedFetch(apiKey, {
      fetch: (_, init) => {
        seen.push(new Headers(init?.headers))
        return Promise.resolve(new Response())
      },
      scheduler: {
        now: () => Date.UTC(2026, 0, 2),
        schedule: () => {
          throw new Error('unused')
        },
      },
    })
    await fetch('https://iot.eu-frankfurt-1.oci.oraclecloud.com/20250531/iotDomains?limit=1')
    expect(seen[0]?.get('x-date')).toBe('Fri, 02 Jan 2026 00:00:00 GMT')
    expect(seen[0]?.get('authorization')).toMatch(
      /^Signature version="1",keyId="ocid1.tenancy\/ocid1.user\/aa:bb",algorithm="rsa-sha256",headers="x-date \(request-target\) host",signature="[\w+/]+=*"$/,
    )
  })
})

describe('readApiKey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-oci-'))
  const keyFile = join(folder, 'key.pem')
  const file = join(folder, 'config')
  writeFileSync(keyFile, apiKey.privateKey)
  writeFileSync(
    file,
    `# of the command line\n[DEFAULT]\nuser=ocid1.user\nfingerprint = aa:bb\ntenancy=ocid1.tenancy\nkey_file=${keyFile}\nregion=eu-frankfurt-1\n[other]\nuser=ocid1.other\npass_phrase=secret\n[empty]\nkey_file=${folder}/none\n`,
  )

  it('reads the default profile, and others with its values where they have none', () => {
    expect(readApiKey({ file })).toEqual({
      keyId: apiKey.keyId,
      privateKey: apiKey.privateKey,
      region: 'eu-frankfurt-1',
    })
    expect(readApiKey({ file, profile: 'other' })).toMatchObject({
      keyId: 'ocid1.tenancy/ocid1.other/aa:bb',
      passphrase: 'secret',
    })
  })

  it.each([
    ['a missing file', { file: join(folder, 'none') }, /cannot read .*none/],
    ['a missing profile', { file, profile: 'absent' }, /has no profile \[absent\]/],
    ['a missing key file', { file, profile: 'empty' }, /cannot read .*none/],
  ])('rejects %s', (_, location, message) => {
    expect(() => readApiKey(location)).toThrow(message)
  })

  it('serves antiphon-oci, which invokes and follows a command in the cloud', async () => {
    const cloud = await start('location')
    vi.stubEnv('OCI_IOT_DATA_TOKEN', dataToken)
    const printed: string[] = []
    await ociProgram(
      [
        ...[
          'invoke-raw-json-command',
          '--digital-twin-instance-id',
          lamp.id,
          '--request-endpoint',
          'iot/v1/cmd',
        ],
        ...['--response-endpoint', 'iot/v1/rsp', '--request-data', '{}', '--region', 'eu-frankfurt-1'],
        ...['--endpoint', cloud.url, '--config-file', file, '--data-api', cloud.dataUrl, '--wait'],
      ],
      { print: (line) => printed.push(line), stop$: NEVER },
    )
    expect(printed.at(-2)).toBe('COMPLETED')
    expect(printed.at(-1)).toContain('"status": "acknowledged"')
  })
})

describe('cloudUrl', () => {
  it('returns the API of a region and rejects other text', () => {
    expect(cloudUrl('us-ashburn-1')).toBe('https://iot.us-ashburn-1.oci.oraclecloud.com')
    expect(() => cloudUrl('example.com/')).toThrow(/region is "example.com\/"/)
  })
})
