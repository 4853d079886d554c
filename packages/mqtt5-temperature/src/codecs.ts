import { text, type Codec } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { quoted } from '@antiphon/core/link'
import { left, right } from 'fp-ts/lib/Either.js'
import type { Reading } from './reading.js'

const QUERY = 'query:'

/** The city in `query:<city>`; anything else is malformed. */
export const cityQuery: Codec<string> = mapCodec(text, {
  encode: (city) => QUERY + city,
  decode: (said) =>
    said.startsWith(QUERY)
      ? right(said.slice(QUERY.length))
      : left(`expected ${QUERY}<city>, found ${quoted(said)}`),
})

/** A reading as the sentence `Temperature in <city>: <one decimal>°C`. */
export const readingSentence: Codec<Reading> = mapCodec(text, {
  encode: ({ city, celsius }) => `Temperature in ${city}: ${celsius.toFixed(1)}°C`,
  decode: (said) => {
    const [, city, celsius] = /^Temperature in (.*): (-?\d+(?:\.\d+)?)°C$/s.exec(said) ?? []
    return city === undefined
      ? left(`expected "Temperature in <city>: <number>°C", found ${quoted(said)}`)
      : right({ city, celsius: Number(celsius) })
  },
})
