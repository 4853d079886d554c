import { createBroker, type Broker, type BrokerOptions } from '@antiphon/broker'
import type { Link } from '@antiphon/core'
import {
  connectOperations,
  settingsFromConnectionString,
  settingsFromEnvironment,
  settingsFromMounts,
  type ConnectionSettings,
} from '@antiphon/azure-iot-operations/connect'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom, ReplaySubject, take, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-metl-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('settingsFromEnvironment', () => {
  it('reads all variables', () => {
    const settings = settingsFromEnvironment({
      AIO_BROKER_HOSTNAME: 'broker',
      AIO_BROKER_TCP_PORT: '1883',
      AIO_MQTT_USE_TLS: 'False',
      AIO_TLS_CA_FILE: 'ca.pem',
      AIO_MQTT_CLEAN_START: 'true',
      AIO_MQTT_KEEP_ALIVE: '30',
      AIO_MQTT_CLIENT_ID: 'press-7',
      AIO_MQTT_SESSION_EXPIRY: '60',
      AIO_MQTT_USERNAME: 'user',
      AIO_MQTT_PASSWORD_FILE: 'password',
      AIO_TLS_CERT_FILE: 'cert.pem',
      AIO_TLS_KEY_FILE: 'key.pem',
      AIO_TLS_KEY_PASSWORD_FILE: 'passphrase',
      AIO_SAT_FILE: '',
    })
    expect(settings).toEqual({
      hostName: 'broker',
      tcpPort: 1883,
      useTls: false,
      caFile: 'ca.pem',
      cleanStart: true,
      keepAlive: 30,
      clientId: 'press-7',
      sessionExpiry: 60,
      username: 'user',
      passwordFile: 'password',
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      keyPasswordFile: 'passphrase',
    })
  })

  it.each<[Readonly<Record<string, string>>, string, string]>([
    [{}, 'AIO_BROKER_HOSTNAME', 'AIO_BROKER_HOSTNAME of the environment is missing: set it'],
    [{ AIO_BROKER_HOSTNAME: 'a' }, 'AIO_MQTT_CLIENT_ID', 'is missing'],
    [{ AIO_BROKER_TCP_PORT: '-1' }, 'AIO_BROKER_TCP_PORT', 'it must be a whole number'],
    [{ AIO_MQTT_USE_TLS: 'yes' }, 'AIO_MQTT_USE_TLS', 'it must be true or false'],
  ])('rejects %o with the name of the variable', (environment, propertyName, reason) => {
    expect(thrownBy(() => settingsFromEnvironment(environment))).toMatchObject({
      kind: 'invalid-configuration',
      propertyName,
      message: expect.stringContaining(reason) as string,
    })
  })
})

describe('settingsFromConnectionString', () => {
  it('reads its fields', () => {
    expect(
      settingsFromConnectionString('HostName=aio-broker; TcpPort=1883;UseTls=false;ClientId=a=b;'),
    ).toEqual({
      hostName: 'aio-broker',
      tcpPort: 1883,
      useTls: false,
      clientId: 'a=b',
    })
  })

  it.each([
    ['HostNam=a', 'HostNam of the connection string is not known: did you mean HostName?'],
    ['HostName=a;HostName=b', 'HostName of the connection string is repeated: set it once'],
    ['HostName=a', 'ClientId of the connection string is missing: set it'],
    ['HostName=a;ClientId=b;SatAuthFile=c;Username=d', 'exclude each other'],
    [
      'HostName=a;ClientId=b;PasswordFile=c',
      'PasswordFile of the connection string cannot be used: it needs Username',
    ],
    ['HostName=a;ClientId=b;CertFile=c', 'CertFile and KeyFile are set together'],
    ['HostName=a;ClientId=b;KeyFile=c', 'KeyFile of the connection string cannot be used'],
    ['HostName=a;ClientId=b;KeyPasswordFile=c', 'it needs KeyFile'],
  ])('rejects %s', (text, reason) => {
    expect(thrownBy(() => settingsFromConnectionString(text))).toMatchObject({
      kind: 'invalid-configuration',
      message: expect.stringContaining(reason) as string,
    })
  })
})

describe('settingsFromMounts', () => {
  const configuration = {
    host: 'aio-broker:18883',
    keepAliveSeconds: 30,
    maxInflightMessages: 100,
    sessionExpirySeconds: 60,
    tls: { mode: 'Enabled' },
  }
  const environment = (mounted: unknown): Readonly<Record<string, string>> => {
    write('MQTT_CONNECTION_CONFIGURATION', typeof mounted === 'string' ? mounted : JSON.stringify(mounted))
    return { CONNECTOR_CONFIGURATION_MOUNT_PATH: folder, CONNECTOR_ID: 'connector-0' }
  }

  it('reads the configuration, the trust bundle and the token of a connector', () => {
    const trust = join(folder, 'trust')
    mkdirSync(trust)
    write('trust/b.pem', '')
    write('trust/a.pem', '')
    write('trust/..data', '')
    const settings = settingsFromMounts({
      ...environment(configuration),
      BROKER_TLS_TRUST_BUNDLE_CACERT_MOUNT_PATH: trust,
      BROKER_SAT_MOUNT_PATH: 'broker-sat',
    })
    expect(settings).toEqual({
      hostName: 'aio-broker',
      tcpPort: 18883,
      useTls: true,
      clientId: 'connector-0',
      keepAlive: 30,
      sessionExpiry: 60,
      receiveMaximum: 100,
      caFile: [join(trust, 'a.pem'), join(trust, 'b.pem')],
      satAuthFile: 'broker-sat',
    })
  })

  it('reads a configuration without TLS', () => {
    expect(settingsFromMounts(environment({ host: 'aio-broker:1883', keepAliveSeconds: null }))).toEqual({
      hostName: 'aio-broker',
      tcpPort: 1883,
      useTls: false,
      clientId: 'connector-0',
    })
  })

  it.each([
    ['{', 'cannot read'],
    ['7', 'it must be a JSON object'],
    [{ host: 'aio-broker' }, 'host of MQTT_CONNECTION_CONFIGURATION is aio-broker: it must be <name>:<port>'],
    [
      { ...configuration, keepAliveSeconds: '30' },
      'keepAliveSeconds of MQTT_CONNECTION_CONFIGURATION is "30"',
    ],
  ])('rejects %o', (mounted, reason) => {
    expect(thrownBy(() => settingsFromMounts(environment(mounted)))).toMatchObject({
      kind: 'invalid-configuration',
      message: expect.stringContaining(reason) as string,
    })
  })

  it('rejects a trust bundle that is empty or missing, and a missing variable', () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    for (const [trust, reason] of [
      [empty, 'the folder is empty'],
      [join(folder, 'missing'), 'ENOENT'],
    ] as const)
      expect(
        thrownBy(() =>
          settingsFromMounts({
            ...environment(configuration),
            BROKER_TLS_TRUST_BUNDLE_CACERT_MOUNT_PATH: trust,
          }),
        ),
      ).toMatchObject({ message: expect.stringContaining(reason) as string })
    expect(thrownBy(() => settingsFromMounts({}))).toMatchObject({
      propertyName: 'CONNECTOR_CONFIGURATION_MOUNT_PATH',
    })
  })
})

describe('connectOperations', () => {
  let broker: Broker
  let link: Link | undefined
  afterEach(async () => {
    await link?.close()
    await broker.close()
  })

  async function listen(options: BrokerOptions = {}): Promise<ConnectionSettings> {
    broker = createBroker(options)
    const { port } = await broker.listen({ protocol: 'tcp', port: 0 })
    return { hostName: '127.0.0.1', tcpPort: port, useTls: false, clientId: 'press-7' }
  }

  it('resumes the session of its client, and ends it with close', async () => {
    const attempts$ = new ReplaySubject<{
      readonly cleanStart: boolean
      readonly sessionExpiryInterval: number
    }>(10)
    const settings = await listen({
      authority: {
        authenticate: (attempt) => {
          attempts$.next(attempt)
          return { admit: true }
        },
      },
    })
    link = connectOperations(settings)
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    expect(await firstValueFrom(attempts$)).toMatchObject({ cleanStart: false, sessionExpiryInterval: 3_600 })
    await link.close()
    link = connectOperations({
      ...settings,
      cleanStart: true,
      sessionExpiry: 60,
      keepAlive: 10,
      receiveMaximum: 8,
    })
    const online = await firstValueFrom(link.state$.pipe(filter((state) => state.status === 'online')))
    expect(online.info.sessionPresent).toBe(false)
    expect(await firstValueFrom(attempts$.pipe(take(2), toArray()))).toMatchObject([
      {},
      { cleanStart: true, sessionExpiryInterval: 60, keepAlive: 10 },
    ])
  })

  it('sends a password from its file', async () => {
    const passwords$ = new ReplaySubject<string>(10)
    const settings = await listen({
      authority: {
        authenticate: ({ userName, password }) => {
          passwords$.next(`${userName}:${new TextDecoder().decode(password)}`)
          return { admit: true }
        },
      },
    })
    link = connectOperations({ ...settings, username: 'user', passwordFile: write('password', 'secret\n') })
    link.state$.subscribe()
    expect(await firstValueFrom(passwords$)).toBe('user:secret')
    await link.close()
    link = connectOperations({ ...settings, username: 'user' })
    link.state$.subscribe()
    expect(await firstValueFrom(passwords$.pipe(take(2), toArray()))).toEqual(['user:secret', 'user:'])
  })

  it('authenticates again when Kubernetes replaces the token of the service account', async () => {
    const tokens$ = new ReplaySubject<readonly [string, boolean]>(10)
    const settings = await listen({
      authenticationMethods: ['K8S-SAT'],
      authority: {
        authenticate: ({ authenticationData, isReAuthentication }) => {
          tokens$.next([new TextDecoder().decode(authenticationData), isReAuthentication])
          return { admit: true }
        },
      },
    })
    // A mounted token is a link to a link, which is replaced.
    write('token-1', 'first')
    write('token-2', 'second')
    symlinkSync('token-1', join(folder, '..data'))
    symlinkSync('..data', join(folder, 'broker-sat'))
    link = connectOperations({ ...settings, satAuthFile: join(folder, 'broker-sat') })
    link.state$.subscribe()
    expect(await firstValueFrom(tokens$)).toEqual(['first', false])
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    symlinkSync('token-2', join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    expect(await firstValueFrom(tokens$.pipe(take(2), toArray()))).toEqual([
      ['first', false],
      ['second', true],
    ])
  })

  it('reads the files of TLS at once', async () => {
    const settings = await listen()
    const error = thrownBy(() =>
      connectOperations({
        ...settings,
        useTls: true,
        caFile: write('ca.pem', 'PEM'),
        certFile: 'none',
        keyFile: 'none',
      }),
    )
    expect(error).toMatchObject({ propertyName: 'certFile', propertyValue: 'none' })
    expect(
      connectOperations({
        ...settings,
        useTls: true,
        caFile: [write('ca.pem', 'PEM')],
        certFile: write('cert.pem', 'PEM'),
        keyFile: write('key.pem', 'PEM'),
        keyPasswordFile: write('passphrase', 'secret'),
      }),
    ).toHaveProperty('state$')
  })

  it('rejects invalid settings and options', async () => {
    const settings = await listen()
    expect(thrownBy(() => connectOperations({ ...settings, clientId: '' }))).toMatchObject({
      rawMessage: 'clientId of the settings is missing: set it',
    })
    expect(thrownBy(() => connectOperations({ ...settings, keepAlive: -1 }))).toMatchObject({
      kind: 'invalid-configuration',
      isShallow: true,
    })
  })
})
