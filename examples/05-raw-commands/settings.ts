const { env } = process

/** The settings of the original's `config.py`, in capitals, from the environment; the desktop has a `USERNAME` already. */
export const settings = {
  /** The Device Host of the IoT Domain. */
  host: env['IOT_DEVICE_HOST'] ?? 'localhost',
  /** The stand-in of this story, which speaks without TLS. */
  plainUrl: env['IOT_DEVICE_HOST'] === undefined ? env['PLATFORM_MQTT_URL'] : undefined,
  endpoint: env['IOT_ENDPOINT'] ?? 'iot/v1/mqtt',
  /** Milliseconds; the variable says seconds. */
  messageDelay: Number(env['MESSAGE_DELAY'] ?? '10') * 1_000,
  clientId: env['CLIENT_ID'] ?? 'raw-command-device',
  username: env['DEVICE_USERNAME'] ?? 'lamp-key',
  password: env['DEVICE_PASSWORD'] ?? 'lamp-secret',
  caCerts: env['CA_CERTS'],
} as const
