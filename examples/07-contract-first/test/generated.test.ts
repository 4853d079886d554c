import { generateTypes, toAsyncApi } from '@antiphon/asyncapi'
import { request, type Link } from '@antiphon/core'
import { readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { unlock, type PositionsRequest, type UnlockRequest } from '../contract.js'
import * as endpoints from '../endpoints.js'

const fileText = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
// Outside of vitest, the exports of a module are in the order of their names.
const sorted = Object.fromEntries(Object.entries(endpoints).sort(([one], [other]) => (one < other ? -1 : 1)))
const document = toAsyncApi(sorted, { title: 'Car', version: '1.0.0' })

describe('the files of the contract', () => {
  it('contract.json is the export of endpoints.ts, and contract.ts its types', async () => {
    expect(fileText('contract.json')).toBe(`${JSON.stringify(document, null, 2)}\n`)
    expect(fileText('contract.ts')).toBe(await generateTypes(document))
  })

  it('the generated types are those of the schemas', () => {
    expectTypeOf<UnlockRequest>().toEqualTypeOf<{ doors: ('front' | 'rear')[] }>()
    expectTypeOf<PositionsRequest>().toEqualTypeOf<{ count: number }>()
    const misuse = (link: Link): readonly unknown[] => [
      // @ts-expect-error a door that the contract does not have
      request(link, unlock, { params: { vin: 'car7' }, value: { doors: ['top'] } }),
      // @ts-expect-error a parameter that the topic does not have
      request(link, unlock, { params: { car: 'car7' }, value: { doors: ['front'] } }),
    ]
    expect(misuse).toBeTypeOf('function')
  })
})
