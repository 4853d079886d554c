/** The broker's URL from `BROKER_HOST` and `BROKER_PORT`, which the original programs read as well. */
export const brokerUrl = `mqtt://${process.env['BROKER_HOST'] ?? 'localhost'}:${process.env['BROKER_PORT'] ?? '1883'}`
