import { durability } from './durability/section.js'
import { faults } from './faults/section.js'
import { foreign } from './foreign/section.js'
import type { Section } from './frame/section.js'
import { measures } from './measures/section.js'
import { scale } from './scale/section.js'
import { security } from './security/section.js'
import { soak } from './soak/section.js'

/** The suite, in the order in which it runs and is reported. */
export const sections: readonly Section[] = [measures, faults, durability, soak, security, foreign, scale]
