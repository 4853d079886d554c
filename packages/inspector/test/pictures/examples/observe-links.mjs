// Loaded into each process of an example, to put `observed-mqtt.ts` and `observed-broker.ts` in the place of the packages.
import { register } from 'node:module'

register('./resolve-observed.mjs', import.meta.url)
