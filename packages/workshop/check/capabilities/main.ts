import { readFileSync, writeFileSync } from 'node:fs'
import { inRoot } from '../workspace.js'
import { renderCapabilities, type Capabilities } from './render.js'

const data = JSON.parse(readFileSync(inRoot('docs', 'capabilities.json'), 'utf8')) as Capabilities
writeFileSync(inRoot('docs', 'capabilities.md'), renderCapabilities(data))
