const { env } = process

/** The settings of the original's `config.py`, from the environment. `USERNAME` is taken by desktops, hence `DEVICE_USERNAME`. */
export const settings = {
  /** The Device Host of the IoT Domain. */
  host: env['IOT_DEVICE_HOST'] ?? 'localhost',
  /** The local platform of this example, without TLS; takes precedence over `host`. */
  plainUrl: env['PLATFORM_MQTT_URL'],
  endpoint: env['IOT_ENDPOINT'] ?? 'iot/v1/mqtt',
  /** Milliseconds; the variable is in seconds. */
  messagePeriod: Number(env['MESSAGE_DELAY'] ?? '10') * 1_000,
  clientId: env['CLIENT_ID'] ?? 'raw-command-device',
  username: env['DEVICE_USERNAME'] ?? 'lamp-key',
  password: env['DEVICE_PASSWORD'] ?? 'lamp-secret',
  caCerts: env['CA_CERTS'],
  /** The proxy to connect through, such as `http://user:password@proxy:3128` or `socks5://proxy`. */
  proxyArgs: env['PROXY_ARGS'],
} as const
