import type { Theme } from 'vitepress'
// The fonts of the system: the theme's own would be a third of the weight of a page.
import DefaultTheme from 'vitepress/theme-without-fonts'
import SequencePicture from '../components/SequencePicture.vue'
import './style.css'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    app.component('SequencePicture', SequencePicture)
  },
}

export default theme
