// Runs in the page of a stranger, as an inline script: everything that a page can do to an address, and what it gets to see.
// `attempt(plan)` answers one outcome for each way: the text that the page could read, or null.
const { document, EventSource, Image, PerformanceObserver, WebSocket, location, navigator } = globalThis

const text = async (response) => (response.type === 'opaque' ? null : `${response.status} ${await response.text()}`)
const asks = (url, init) => () => fetch(url, init).then(text)

/** Whether an element says that what it was pointed at can be used: one bit that a page gets without reading. */
function element(tag, attributes) {
  return () =>
    new Promise((resolve) => {
      const one = tag === 'img' ? new Image() : document.createElement(tag)
      one.onload = () => resolve('it loaded')
      one.onerror = () => resolve(null)
      for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value)
      document.body.append(one)
    })
}

function innerText(frame) {
  try {
    return frame.contentDocument?.body?.innerText ?? null
  } catch {
    return null
  }
}

/** A frame loads whatever it is answered; what counts is whether the page can look inside. */
function frame(navigate) {
  return () =>
    new Promise((resolve) => {
      const one = document.createElement('iframe')
      one.name = `frame-${document.querySelectorAll('iframe').length}`
      document.body.append(one)
      one.onload = () => resolve(innerText(one))
      navigate(one)
    })
}

/** Submitted into a frame, as text that is JSON but for the `=` between name and value. */
function form(action, method, fields) {
  return frame((target) => {
    const one = document.createElement('form')
    Object.assign(one, { action, method, enctype: 'text/plain', target: target.name })
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement('input')
      Object.assign(input, { type: 'hidden', name, value })
      one.append(input)
    }
    document.body.append(one)
    one.submit()
  })
}

/** Over when the browser has an entry of it, answered or not. */
function beacon(url, body) {
  return () =>
    new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        if (!list.getEntries().some(({ name }) => name === url)) return
        observer.disconnect()
        resolve(null)
      })
      observer.observe({ type: 'resource' })
      navigator.sendBeacon(url, body)
    })
}

function socket(url) {
  return () =>
    new Promise((resolve) => {
      const one = new WebSocket(url)
      one.onopen = () => resolve('it opened')
      one.onerror = () => resolve(null)
    })
}

function events(url) {
  return () =>
    new Promise((resolve) => {
      const one = new EventSource(url)
      one.onmessage = ({ data }) => resolve(data)
      one.onopen = () => resolve('it opened')
      one.onerror = () => {
        one.close()
        resolve(null)
      }
    })
}

function reads(url) {
  const headers = { authorization: 'Bearer guessed', 'x-amz-date': '20260101T000000Z' }
  return {
    'GET, CORS': asks(url),
    'GET, no CORS': asks(url, { mode: 'no-cors' }),
    'GET, credentials': asks(url, { credentials: 'include' }),
    'GET, preflight': asks(url, { headers }),
    HEAD: asks(url, { method: 'HEAD', mode: 'no-cors' }),
    OPTIONS: asks(url, { method: 'OPTIONS' }),
    picture: element('img', { src: url }),
    script: element('script', { src: url }),
    'module script': element('script', { src: url, type: 'module' }),
    'style sheet': element('link', { rel: 'stylesheet', href: url }),
    import: () => import(url).then(() => 'it was imported'),
    frame: frame((one) => one.setAttribute('src', url)),
    'form, GET': form(url, 'get', {}),
    'event source': events(url),
    'web socket': socket(url.replace(/^http/, 'ws')),
  }
}

function writes(url, body) {
  const plain = { method: 'POST', body, headers: { 'content-type': 'text/plain' } }
  const json = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
  const redirect = new URL(`/redirect?to=${encodeURIComponent(url)}`, location.href).href
  const [name, value] = [`${body.slice(0, -1)},"x":"`, '"}']
  return {
    'POST, CORS': asks(url, plain),
    'POST, no CORS': asks(url, { ...plain, mode: 'no-cors' }),
    'POST, keepalive': asks(url, { ...plain, mode: 'no-cors', keepalive: true }),
    'POST, no referrer': asks(url, { ...plain, mode: 'no-cors', referrerPolicy: 'no-referrer' }),
    'POST, preflight': asks(url, json),
    'POST, redirected': asks(redirect, { ...plain, mode: 'no-cors' }),
    beacon: beacon(url, body),
    'form, POST': form(url, 'post', { [name]: value }),
    'form, redirected': form(redirect, 'post', { [name]: value }),
  }
}

function changes(url, body) {
  return {
    PUT: asks(url, { method: 'PUT', body }),
    'PUT, no CORS': asks(url, { method: 'PUT', body, mode: 'no-cors' }),
    DELETE: asks(url, { method: 'DELETE' }),
    'DELETE, no CORS': asks(url, { method: 'DELETE', mode: 'no-cors' }),
    'POST that means DELETE': asks(url, { method: 'POST', mode: 'no-cors', body: '_method=DELETE' }),
  }
}

globalThis.attempt = async (plan) => {
  const ways = [
    ...plan.reads.map((url) => [url, reads(url)]),
    ...plan.writes.map(({ body, url }) => [url, writes(url, body)]),
    ...plan.changes.map(({ body, url }) => [url, changes(url, body)]),
  ].flatMap(([url, of]) => Object.entries(of).map(([way, run]) => ({ url, way, run })))
  return Promise.all(ways.map(async ({ run, url, way }) => ({ url, way, seen: await run().catch(() => null) })))
}
