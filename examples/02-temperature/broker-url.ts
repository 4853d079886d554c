const { BROKER_URL, BROKER_HOST = 'localhost', BROKER_PORT = '1883' } = process.env

/** The broker's URL: `BROKER_URL`, or from `BROKER_HOST` and `BROKER_PORT`, which the original programs read as well. */
export const brokerUrl = BROKER_URL ?? `mqtt://${BROKER_HOST}:${BROKER_PORT}`
