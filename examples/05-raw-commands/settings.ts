const { env } = process

/** The settings of the original's `config.py`, in capitals, from the environment; the desktop has a `USERNAME` already. */
export const settings = {
  /** The Device Host of the IoT Domain. */
  host: env['IOT_DEVICE_HOST'] ?? 'localhost',
  /** The stand-in of this story, which speaks without TLS; it comes before the host. */
  plainUrl: env['PLATFORM_MQTT_URL'],
  endpoint: env['IOT_ENDPOINT'] ?? 'iot/v1/mqtt',
  /** Milliseconds; the variable says seconds. */
  messageDelay: Number(env['MESSAGE_DELAY'] ?? '10') * 1_000,
  clientId: env['CLIENT_ID'] ?? 'raw-command-device',
  username: env['DEVICE_USERNAME'] ?? 'lamp-key',
  password: env['DEVICE_PASSWORD'] ?? 'lamp-secret',
  caCerts: env['CA_CERTS'],
  /** A proxy on the way there, such as `http://user:password@proxy:3128` or `socks5://proxy`. */
  proxyArgs: env['PROXY_ARGS'],
} as const
