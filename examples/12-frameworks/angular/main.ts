// Compiles the templates in the browser. Angular's own tools do this when they build, and need no such import.
import '@angular/compiler'
import { bootstrapApplication } from '@angular/platform-browser'
import { App } from './app.js'

bootstrapApplication(App).catch(console.error)
