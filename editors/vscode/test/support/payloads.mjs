// What a hostile answer may hold: every way to load, run or open something by Markdown that is known to us.

/** The payloads, each pointing at `url`. */
export function payloads(url) {
  const at = path => `${url}/${path}?d=canary`;
  const markdown = [
    `![x](${at('md')})`, `![x](<${at('md')}>)`, `![x](${at('md')} "title")`, `![x][r]\n\n[r]: ${at('ref')}`, `[![x](${at('nested')})](${at('outer')})`,
    `![][r2]\n\n[r2]: <${at('ref')}> 'title'`, `![r3]\n\n[r3]: ${at('short')}`, `> ![x](${at('quote')})`, `- ![x](${at('list')})`, `| a |\n|---|\n| ![x](${at('table')}) |`,
    `# ![x](${at('heading')})`, `**![x](${at('bold')})**`, `![x](//${url.slice(7)}/protocol)`, `![x](data:image/svg+xml;utf8,<svg onload="owned=1"/>)`,
    `![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9Im93bmVkPTEiLz4=)`, `![x](javascript:owned=1)`, `![x](vscode-resource:/etc/passwd)`, `![x](file:///etc/passwd)`,
    `![x](https://file+.vscode-resource.vscode-cdn.net/etc/passwd)`, `<${at('auto')}>`, at('bare'), `[x](${at('link')})`, `[x](javascript:owned=1)`, `[x](JaVaScRiPt:owned=1)`,
    `[x](&#106;avascript:owned=1)`, `[x](java\u0000script:owned=1)`, `[x](data:text/html,<script>owned=1</script>)`, `[x](command:workbench.action.terminal.new)`,
    `[x](vscode:extension/evil)`, `[x](${at('a b')} onclick=owned=1)`, `[<img src=${at('in-link')}>](${at('x')})`, `![<img src=${at('in-alt')}>](${at('y')})`,
    `\`\`\`html\n<img src="${at('fence')}">\n\`\`\``, `\`\`\`"><img src=${at('info')}>\nx\n\`\`\``, `\`<img src=${at('inline')}>\``, `    <img src="${at('indented')}">`,
    `\\![x](${at('escaped')})`, `![x\n](${at('broken')})`, `![x](${at('unfinished')}`, `[x]: ${at('definition')}\n\n![x]`,
  ];
  const html = [
    `<img src="${at('img')}">`, `<img src=x onerror="owned=1;fetch('${at('onerror')}')">`, `<img srcset="${at('srcset')} 1x">`, `<picture><source srcset="${at('source')}"><img></picture>`,
    `<svg onload="owned=1"><image href="${at('svg')}"/></svg>`, `<svg><use href="${at('use')}#x"/></svg>`, `<svg><script>owned=1</script></svg>`, `<svg><foreignObject><img src="${at('foreign')}"></foreignObject></svg>`,
    `<svg><style>@import url(${at('svg-style')});</style></svg>`, `<svg><animate onbegin="owned=1" attributeName="x" dur="1s"/></svg>`, `<script>owned=1</script>`, `<script src="${at('script')}"></script>`,
    `<link rel="stylesheet" href="${at('css')}">`, `<link rel="prefetch" href="${at('prefetch')}">`, `<link rel="dns-prefetch" href="${at('dns')}">`, `<style>@import "${at('import')}";</style>`,
    `<style>body{background:url(${at('background')})}</style>`, `<div style="background:url(${at('style')})">x</div>`, `<table background="${at('table')}"><tr><td>x</table>`, `<body onload="owned=1">`,
    `<iframe src="${at('iframe')}"></iframe>`, `<iframe srcdoc="<script>parent.owned=1</script>"></iframe>`, `<object data="${at('object')}"></object>`, `<embed src="${at('embed')}">`,
    `<video src="${at('video')}" autoplay></video>`, `<video poster="${at('poster')}"></video>`, `<audio src="${at('audio')}" autoplay></audio>`, `<track src="${at('track')}">`,
    `<form action="${at('form')}"><button autofocus>x</button></form><script>document.forms[0].submit()</script>`, `<input type="image" src="${at('input')}">`, `<input autofocus onfocus="owned=1">`,
    `<base href="${url}/">`, `<meta http-equiv="refresh" content="0;url=${at('refresh')}">`, `<a href="javascript:owned=1" id="x">x</a>`, `<a href="${at('a')}" ping="${at('ping')}">x</a>`,
    `<details open ontoggle="owned=1"><summary>x</summary></details>`, `<marquee onstart="owned=1">x</marquee>`, `<math><mtext><img src="${at('math')}"></mtext></math>`, `<noscript><img src="${at('noscript')}"></noscript>`,
    `<template><img src="${at('template')}"></template>`, `<portal src="${at('portal')}"></portal>`, `<!--><img src="${at('comment')}">-->`, `<![CDATA[<img src="${at('cdata')}">]]>`, `<?xml-stylesheet href="${at('pi')}"?>`,
    `<IMG SRC=${at('upper')}>`, `<img/src=${at('slash')}>`, `<img src=\`${at('tick')}\`>`, `<<img src=${at('double')}>`, `&lt;img src=${at('entity')}&gt;`, `\u202e<img src=${at('bidi')}>`,
    `<x-element><img src="${at('custom')}"></x-element>`, `<frameset><frame src="${at('frame')}"></frameset>`,
  ];
  return [...markdown, ...html];
}
