import { connect } from '@antiphon/mqtt/web'
import { createApp } from 'vue'
import { brokerUrl } from '../broker-url.js'
import App from './App.vue'

createApp(App, { link: connect(brokerUrl) }).mount('#app')
