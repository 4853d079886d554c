/** The methods of the lamp that the program calls, with schemas of io-ts; those of zod and others work as well. */
import { ApplicationError, json } from '@antiphon/core'
import type { ShellyMethod } from '@antiphon/shelly'
import type { LocalDeviceOptions } from '@antiphon/shelly/local'
import * as t from 'io-ts'
import { of, throwError } from 'rxjs'

const SwitchSet = t.type({ id: t.number, on: t.boolean })

export const setSwitch: ShellyMethod<t.TypeOf<typeof SwitchSet>, { readonly was_on: boolean }> = {
  name: 'Switch.Set',
  params: json(SwitchSet),
  result: json(t.type({ was_on: t.boolean })),
}

/** A device with one switch, in the place of a real one. */
export const lamp: LocalDeviceOptions = {
  device: 'shellyplus1-a8032abe54dc',
  status: { 'switch:0': { id: 0, output: false } },
  methods: {
    [setSwitch.name]: (params, { status, change }) => {
      const before = SwitchSet.is(params) ? status()[`switch:${params.id}`] : undefined
      if (!SwitchSet.is(params) || before === undefined) {
        return throwError(() => new ApplicationError({ code: '-105', message: 'no such switch' }))
      }
      change({ [`switch:${params.id}`]: { output: params.on } })
      return of({ was_on: (before as { readonly output: boolean }).output })
    },
  },
}
