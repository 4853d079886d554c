const tones: Readonly<Record<string, number>> = {
  Antiphon: 0,
  Map: 1,
  'aws-crt': 2,
  NestJS: 3,
  'Map, no JSON': 4,
  moleculer: 5,
  'nats.js': 6,
  fastify: 4,
  'grpc-js': 2,
  'Map, own broker': 5,
}

/** Returns the tone of a contestant, which is the same in every chart and table. */
export function toneOf(contestant: string): number {
  return tones[contestant] ?? 7
}
