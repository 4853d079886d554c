const tones: Readonly<Record<string, number>> = {
  Antiphon: 0,
  Map: 1,
  'aws-crt': 2,
  NestJS: 3,
  'Map, no JSON': 4,
  moleculer: 5,
  'nats.js': 6,
}

/** Returns the tone of a contestant, which is the same in every chart and table. */
export function toneOf(contestant: string): number {
  return tones[contestant] ?? 7
}
