import { text, type Codec } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { quoted } from '@antiphon/core/link'
import { left, right } from 'fp-ts/lib/Either.js'
import type { Reading } from './reading.js'

const queryPrefix = 'query:'

/** Encodes a city as `query:<city>`; any other text is malformed. */
export const cityQuery: Codec<string> = mapCodec(text, {
  encode: (city) => queryPrefix + city,
  decode: (input) =>
    input.startsWith(queryPrefix)
      ? right(input.slice(queryPrefix.length))
      : left(`expected ${queryPrefix}<city>, found ${quoted(input)}`),
})

/** Encodes a reading as `Temperature in <city>: <celsius>°C`, with one decimal. */
export const readingSentence: Codec<Reading> = mapCodec(text, {
  encode: ({ city, celsius }) => `Temperature in ${city}: ${celsius.toFixed(1)}°C`,
  decode: (input) => {
    const [, city, celsius] = /^Temperature in (.*): (-?\d+(?:\.\d+)?)°C$/s.exec(input) ?? []
    return city === undefined
      ? left(`expected "Temperature in <city>: <number>°C", found ${quoted(input)}`)
      : right({ city, celsius: Number(celsius) })
  },
})
