import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfigFile } from '../../src/cli/config-file.js'
import { configFaults } from '../../src/cli/config-faults.js'

const secure = { protocol: 'tls', port: 8883, cert: 'c', key: 'k' }

describe('configFaults', () => {
  it('accepts an empty file and one with all settings', () => {
    expect(configFaults({})).toEqual([])
    expect(
      configFaults({
        listen: [
          { protocol: 'tcp', port: 1883, host: '0.0.0.0' },
          { ...secure, ca: 'a', crl: ['r'] },
          { protocol: 'wss', port: 443, path: '/mqtt', cert: 'c', key: 'k' },
        ],
        users: { me: 'secret' },
        passwordFile: 'p',
        certificateUser: true,
        allowAnonymous: true,
        limits: { connections: 5 },
        rates: { clientMessages: 10 },
        protocolVersions: [5],
        maximumQoS: 1,
        logFormat: 'json',
      }),
    ).toEqual([])
  })

  it('returns every fault with its path, the nearest name and what is allowed', () => {
    expect(
      configFaults({
        lisen: [],
        queuePolicy: 'drop',
        protocolVersions: [3],
        limits: { conections: 1, keepAlive: 0, packetSize: '100' },
        rates: { clientBytes: 5, adressConnects: 1 },
        users: { 'a:b': 'x', c: 5 },
        logLevel: 'trace',
        passwordFile: '',
        listen: [{ protocol: 'quic', port: -1, path: 'mqtt', crl: 'r' }, { host: 'x' }, 5],
      }),
    ).toEqual([
      'lisen is not known: did you mean listen?',
      'queuePolicy is "drop": it must be drop-new or drop-oldest or disconnect',
      'protocolVersions is [3]: it must be an array of 4 and 5',
      'limits.conections is not known: did you mean connections?',
      'limits.keepAlive is 0: it must be a whole number from 1 to 65535',
      expect.stringMatching(/^limits\.packetSize is "100": it must be a whole number from 16 to /),
      'rates.clientBytes is 5: it must be a number from 1024',
      'rates.adressConnects is not known: did you mean addressConnects?',
      'users: the name of the user must not contain a colon or control character',
      'users.c: the password must be a string',
      'logLevel is "trace": it must be error or warn or info or debug',
      'passwordFile is "": it must be the path of a file',
      'listen[0].protocol is "quic": it must be tcp or tls or ws or wss',
      'listen[0].port is -1: it must be a whole number from 0 to 65535',
      'listen[0].path is "mqtt": it must be a path that begins with /',
      'listen[0].crl is "r": it must be a list of paths of files',
      'listen[1].protocol is missing: set it',
      'listen[1].port is missing: set it',
      'listen[2] is 5: it must be a table',
    ])
  })

  it.each([
    [{ listen: [] }, 'listen is []: it must be a list of listeners'],
    [{ listen: {} }, 'listen is {}: it must be a list of listeners'],
    [{ users: ['a'] }, 'users is ["a"]: it must be a table of names and passwords'],
    [{ limits: 5 }, 'limits is 5: it must be a table'],
    [{ monitor: {} }, 'monitor.port is missing: set it'],
    [{ sysPeriod: 5 }, 'sysPeriod is 5: it must be a number from 1000 to 2147483647'],
    [
      { listen: [{ protocol: 'tcp', socketPath: '/s', port: 1 }] },
      'listen[0].socketPath: it replaces port and host; leave these out',
    ],
    [
      { listen: [{ protocol: 'tcp', port: 1, proxyProtocol: true }] },
      'listen[0].proxyProtocol is true: it requires trustedProxies, the addresses of the proxies',
    ],
    [
      { listen: [{ protocol: 'tcp', port: 1, origins: ['https://a.example'] }] },
      'listen[0].origins needs WebSockets: set listen[0].protocol to ws or wss, or leave origins out',
    ],
    [{ rates: 5 }, 'rates is 5: it must be a table'],
    [[], 'the file is not a table of settings'],
    [
      { listen: [{ protocol: 'tls', port: 1 }] },
      'listen[0] has no certificate: set listen[0].cert and listen[0].key',
    ],
    [
      { listen: [{ ...secure, crl: ['r'] }] },
      'listen[0].crl needs listen[0].ca, with which clients present certificates',
    ],
    [
      { listen: [{ ...secure, protocol: 'tcp', key: undefined }] },
      'listen[0].cert needs TLS: set listen[0].protocol to tls or wss, or leave cert out',
    ],
    [
      { listen: [{ ...secure, path: '/x' }] },
      'listen[0].path needs WebSockets: set listen[0].protocol to ws or wss, or leave path out',
    ],
    [
      { certificateUser: true, listen: [secure] },
      'certificateUser is true: it needs a listener with ca, to which clients present certificates',
    ],
    [
      { allowAnonymous: false },
      'allowAnonymous is false: it needs users, passwordFile or certificateUser; without them, every client may connect',
    ],
  ])('refuses %j', (config, fault) => {
    expect(configFaults(JSON.parse(JSON.stringify(config)))).toEqual([fault])
  })
})

describe('readConfigFile', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-config-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const read = async (name: string, text: string): ReturnType<typeof readConfigFile> => {
    await writeFile(join(folder, name), text)
    return readConfigFile(join(folder, name))
  }

  it('reads TOML and JSON alike, with paths relative to the folder of the file', async () => {
    const toml = `
      data = "data"
      passwordFile = "/etc/passwords"
      [limits]
      connections = 5
      [[listen]]
      protocol = "tls"
      port = 8883
      cert = "tls/cert.pem"
      key = "tls/key.pem"
      ca = "ca.pem"
      crl = ["crl.pem"]
      [[listen]]
      protocol = "ws"
      port = 0
    `
    const config = {
      data: join(folder, 'data'),
      passwordFile: '/etc/passwords',
      limits: { connections: 5 },
      listen: [
        {
          ...{
            protocol: 'tls',
            port: 8883,
            cert: join(folder, 'tls/cert.pem'),
            key: join(folder, 'tls/key.pem'),
          },
          ...{ ca: join(folder, 'ca.pem'), crl: [join(folder, 'crl.pem')] },
        },
        { protocol: 'ws', port: 0 },
      ],
    }
    expect(await read('a.toml', toml)).toEqual({ config, faults: [] })
    expect(await read('a.json', JSON.stringify(config))).toEqual({ config, faults: [] })
    expect(await read('empty.toml', '')).toEqual({ config: {}, faults: [] })
  })

  it('says in which file and line a fault is', async () => {
    const faults = async (name: string, text: string): Promise<readonly string[]> =>
      (await read(name, text)).faults
    const at = (name: string): string => join(folder, name)
    expect(await faults('a.toml', 'data = "x"\nport = = 5')).toEqual([
      expect.stringMatching(/a\.toml: line 2, column \d+: /) as string,
    ])
    expect(await faults('a.json', '{"data": }')).toEqual([
      expect.stringContaining(`${at('a.json')}: Unexpected token`),
    ])
    expect(await faults('b.toml', 'port = 5\ndta = "x"')).toEqual([
      expect.stringContaining(`${at('b.toml')}: port is not known`) as string,
      `${at('b.toml')}: dta is not known: did you mean data?`,
    ])
    expect(await faults('a.yaml', '')).toEqual([
      `${at('a.yaml')}: the name of a config file must end in .json or .toml`,
    ])
    expect((await readConfigFile(at('absent.json'))).faults).toEqual([
      expect.stringContaining(`${at('absent.json')}: ENOENT`),
    ])
  })
})
