import { logged, Meter, metered, stamped, type LinkMiddleware } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { traced } from '@antiphon/core/traced'
import { tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting, type ContractSetting } from '../../src/index.js'

const tapped = linkMiddleware({
  publish$: (message, next) => next(message).pipe(tap(() => undefined)),
  deliveries$: (deliveries$) => deliveries$.pipe(tap(() => undefined)),
})
const all: LinkMiddleware = (link) =>
  [logged(() => undefined), metered(new Meter()), stamped(), traced()].reduce((made, add) => add(made), link)

interface Tested {
  readonly name: string
  readonly middleware: LinkMiddleware
  readonly addsProperties?: boolean
}

const middlewares: readonly Tested[] = [
  { name: 'logged', middleware: logged(() => undefined) },
  { name: 'metered', middleware: metered(new Meter()) },
  { name: 'stamped', middleware: stamped(), addsProperties: true },
  { name: 'traced', middleware: traced() },
  { name: 'linkMiddleware without taps', middleware: linkMiddleware({}) },
  { name: 'linkMiddleware with taps', middleware: tapped },
  { name: 'all middlewares', middleware: all, addsProperties: true },
]

function settingOf({ middleware, addsProperties = false }: Tested): ContractSetting {
  const { abilities, ...rest } = virtualSetting({ middleware })
  return {
    ...rest,
    abilities: addsProperties ? { ...abilities, properties: 'it adds properties' } : abilities,
  }
}

describe.each(middlewares)('linkContract over $name', (tested) => {
  const contract = linkContract(settingOf(tested))
  for (const { name, run } of contract.cases) it(name, run)
  it('runs every case, except those that expect no other properties', () => {
    const lacked = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(lacked)]).toEqual(tested.addsProperties === true ? ['properties'] : [])
  })
})
