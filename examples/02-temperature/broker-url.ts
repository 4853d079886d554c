/** Where the broker is: `BROKER_HOST` and `BROKER_PORT`, as in the programs this story was made from. */
export const brokerUrl = `mqtt://${process.env['BROKER_HOST'] ?? 'localhost'}:${process.env['BROKER_PORT'] ?? '1883'}`
