// Writes corpus/*.yaml: small catalog files, one rule or one trap each. Deterministic, so that a change shows as a diff.
//
// Usage: node generate.mjs [FOLDER]
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), 'corpus');

/** One file of many documents, each with the name of its case in the comment on its first line. */
const many = new Map();
/** Files whose whole text is one case, mostly about YAML itself. */
const single = new Map();

function doc(file, name, text) {
  const docs = many.get(file) ?? [];
  docs.push(`---\n# case: ${name}\n${text.trimEnd()}\n`);
  many.set(file, docs);
}

/** A document as indented YAML. Values are written as given: quote them where the case asks for a string. */
function entity({ apiVersion = 'backstage.io/v1alpha1', kind = 'Component', name = 'x', metadata = '', spec = '{type: service, lifecycle: production, owner: team}', root = '' } = {}) {
  const lines = [];
  if (apiVersion !== null) lines.push(`apiVersion: ${apiVersion}`);
  if (kind !== null) lines.push(`kind: ${kind}`);
  lines.push('metadata:');
  if (name !== null) lines.push(`  name: ${name}`);
  for (const line of metadata.split('\n').filter(Boolean)) lines.push(`  ${line}`);
  if (spec !== null) lines.push(`spec: ${spec}`);
  if (root) lines.push(root);
  return lines.join('\n');
}

const a = n => 'a'.repeat(n);
const quoted = text => JSON.stringify(text);

// Names, and everything that has the form of one.
for (const [label, name] of Object.entries({
  '1-char': 'a', '63-chars': a(63), '64-chars': a(64), 'inner-punctuation': 'a-b_c.d', 'upper-case': 'PaymentsAPI',
  'double-hyphen': 'a--b', 'leading-hyphen': '"-a"', 'trailing-hyphen': '"a-"', 'leading-dot': '.a', 'trailing-dot': 'a.',
  underscore: '_a', space: 'a b', slash: 'a/b', colon: '"a:b"', umlaut: 'über', empty: '""', blank: '" "', null: '',
  number: '12', 'quoted-number': '"12"', float: '1.0', version: '1.2.3', boolean: 'true', yes: 'yes', list: '[a]',
  map: '{a: b}', date: '2024-01-01', newline: '"a\\n"', template: '${{ values.name }}', jinja: '{{ name }}', octal: '0o17',
  hex: '0xff', 'leading-zero': '007', exponent: '1e3', underscores: '1_000', sexagesimal: '190:20:30', tilde: '~',
})) doc('names', `name-${label}`, entity({ name }));
doc('names', 'name-missing', entity({ name: null, metadata: 'title: t' }));

for (const [label, namespace] of Object.entries({
  plain: 'ops', hyphen: 'a-b', 'double-hyphen': 'a--b', '63-chars': a(63), '64-chars': a(64), upper: 'Ops', dot: 'a.b',
  underscore: 'a_b', 'leading-hyphen': '"-a"', 'trailing-hyphen': 'a-', empty: '""', null: 'null', blank: '', number: '7',
  'quoted-number': '"7"', list: '[a]',
})) doc('namespaces', `namespace-${label}`, entity({ metadata: `namespace: ${namespace}` }));

for (const [label, kind] of Object.entries({
  '63-chars': a(63), '64-chars': a(64), digit: '9a', hyphen: 'My-Kind', number: '7', null: '', empty: '""', list: '[a]',
})) doc('kinds', `kind-${label}`, entity({ kind, apiVersion: 'example.com/v1' }));
doc('kinds', 'kind-missing', entity({ kind: null }));
for (const [label, apiVersion] of Object.entries({
  none: null, null: '', empty: '""', number: '1', v1beta1: 'backstage.io/v1beta1', v2: 'backstage.io/v2',
  'trailing-slash': 'backstage.io/', 'two-slashes': 'a/b/c', 'upper-domain': 'Backstage.io/v1', dotted: '"1.0"',
  'scaffolder-on-component': 'scaffolder.backstage.io/v1beta3', hyphen: 'backstage.io/v1-alpha', 'space': '"backstage.io/v1 "',
  'prefix-253': `${a(63)}.${a(63)}.${a(63)}.${a(61)}/v1`, 'prefix-254': `${a(63)}.${a(63)}.${a(63)}.${a(62)}/v1`,
  'label-64': `${a(64)}.io/v1`, 'suffix-63': `example.com/${a(63)}`, 'suffix-64': `example.com/${a(64)}`,
})) doc('kinds', `apiVersion-${label}`, entity({ apiVersion }));
doc('kinds', 'kind-lower-case', entity({ kind: 'component' }));
doc('kinds', 'kind-misspelled', entity({ kind: 'Componnet' }));
doc('kinds', 'kind-own', entity({ kind: 'Product', apiVersion: 'example.com/v1', spec: null }));
doc('kinds', 'kind-own-without-domain', entity({ kind: 'Product', apiVersion: 'v1', spec: '{anything: [1, {a: null}]}' }));
doc('kinds', 'kind-own-bad-envelope', entity({ kind: 'Product', apiVersion: 'example.com/v1', metadata: 'tags: [Java]' }));
doc('kinds', 'kind-airesource', entity({ kind: 'AiResource', spec: '{type: skill, lifecycle: production, owner: team}' }));

// Metadata.
for (const [label, metadata] of Object.entries({
  'title': 'title: T', 'title-empty': 'title: ""', 'title-null': 'title:', 'title-number': 'title: 5',
  'description-empty': 'description: ""', 'description-null': 'description:', 'description-number': 'description: 5',
  'description-block': 'description: |\n  a\n  b', 'uid': 'uid: abc', 'uid-empty': 'uid: ""', 'uid-number': 'uid: 5', 'etag': 'etag: e',
  'generation': 'generation: 5', 'extra-field': 'myown: {a: [1, null]}', 'extra-null': 'myown:',
  'tags-empty': 'tags: []', 'tags-null': 'tags:', 'tags-string': 'tags: java', 'tags-map': 'tags: {a: b}',
  'tag-plain': 'tags: [java, go]', 'tag-colon': 'tags: ["a:b"]', 'tag-plain-colon': 'tags:\n  - a:b', 'tag-plus': 'tags: [c++, "c#"]',
  'tag-upper': 'tags: [Java]', 'tag-underscore': 'tags: [a_b]', 'tag-dot': 'tags: [a.b]', 'tag-hyphen': 'tags: [a-b-c]',
  'tag-double-hyphen': 'tags: [a--b]', 'tag-leading-hyphen': 'tags: ["-a"]', 'tag-63': `tags: [${a(63)}]`, 'tag-64': `tags: [${a(64)}]`,
  'tag-number': 'tags: [1]', 'tag-null': 'tags: [null]', 'tag-empty': 'tags: [""]', 'tag-boolean': 'tags: [true]', 'tag-yes': 'tags: [yes]',
  'tag-twice': 'tags: [a, a]', 'tag-space': 'tags: ["a b"]',
  'labels-empty': 'labels: {}', 'labels-null': 'labels:', 'labels-list': 'labels: [a]', 'labels-string': 'labels: a',
  'label-plain': 'labels: {tier: gold}', 'label-prefix': 'labels: {example.com/tier: gold}', 'label-empty-value': 'labels: {tier: ""}',
  'label-null-value': 'labels: {tier: }', 'label-number': 'labels: {tier: 1}', 'label-boolean': 'labels: {tier: true}',
  'label-63': `labels: {tier: ${a(63)}}`, 'label-64': `labels: {tier: ${a(64)}}`, 'label-space': 'labels: {tier: "a b"}',
  'label-key-63': `labels: {${a(63)}: x}`, 'label-key-64': `labels: {${a(64)}: x}`, 'label-key-space': 'labels: {"a b": x}',
  'label-key-empty': 'labels: {"": x}', 'label-key-two-slashes': 'labels: {a/b/c: x}', 'label-key-empty-prefix': 'labels: {/b: x}',
  'label-key-upper-prefix': 'labels: {Example.com/b: x}', 'label-key-empty-suffix': 'labels: {"a/": x}', 'label-key-number': 'labels: {1: x}',
  'label-merge-key': 'labels: {"<<": x}', 'label-key-newline': 'labels: {"a\\nb": x}', 'label-slash': 'labels: {tier: a/b}',
  'annotations-empty': 'annotations: {}', 'annotations-null': 'annotations:', 'annotation-any': 'annotations: {a: "x y/z: ü"}',
  'annotation-empty': 'annotations: {a: ""}', 'annotation-null': 'annotations: {a: }', 'annotation-number': 'annotations: {a: 1}',
  'annotation-boolean': 'annotations: {a: true}', 'annotation-yes': 'annotations: {a: yes}', 'annotation-date': 'annotations: {a: 2024-01-01}',
  'annotation-time': 'annotations: {a: 2024-01-01T10:00:00Z}', 'annotation-float': 'annotations: {a: 1.0}', 'annotation-version': 'annotations: {a: 1.0.0}',
  'annotation-map': 'annotations: {a: {b: c}}', 'annotation-list': 'annotations: {a: [b]}', 'annotation-long': `annotations: {a: "${a(5000)}"}`,
  'annotation-key-prefix': 'annotations: {gitlab.com/project-slug: a/b}', 'annotation-key-bad': 'annotations: {"git lab": a}',
  'annotation-key-253': `annotations: {"${a(63)}.${a(63)}.${a(63)}.${a(61)}/k": x}`, 'annotation-key-254': `annotations: {"${a(63)}.${a(63)}.${a(63)}.${a(62)}/k": x}`,
  'annotation-hex': 'annotations: {a: 0xff}', 'annotation-octal': 'annotations: {a: 0o7}', 'annotation-infinity': 'annotations: {a: .inf}',
  'annotation-plus': 'annotations: {a: +1}', 'annotation-underscore': 'annotations: {a: 1_0}', 'annotation-exponent': 'annotations: {a: 1e5}',
  'annotation-tilde': 'annotations: {a: ~}', 'annotation-Null': 'annotations: {a: Null}', 'annotation-nULL': 'annotations: {a: nULL}',
  'annotation-dot5': 'annotations: {a: .5}', 'annotation-5dot': 'annotations: {a: 5.}', 'annotation-TRUE': 'annotations: {a: TRUE}', 'annotation-tRUE': 'annotations: {a: tRUE}',
  'links-empty': 'links: []', 'links-null': 'links:', 'links-map': 'links: {url: "https://a.example"}', 'links-string': 'links: ["https://a.example"]',
  'link-plain': 'links: [{url: "https://a.example/x", title: T, icon: i, type: t}]', 'link-no-url': 'links: [{title: T}]', 'link-null-url': 'links: [{url: }]',
  'link-relative': 'links: [{url: /docs}]', 'link-no-scheme': 'links: [{url: www.example.com}]', 'link-mailto': 'links: [{url: "mailto:a@b.example"}]',
  'link-scheme-only': 'links: [{url: "https://"}]', 'link-space': 'links: [{url: "https://a b.example"}]', 'link-odd-scheme': 'links: [{url: "slack://channel?id=1"}]',
  'link-number': 'links: [{url: 5}]', 'link-title-empty': 'links: [{url: "https://a.example", title: ""}]', 'link-title-blank': 'links: [{url: "https://a.example", title: "  "}]',
  'link-title-null': 'links: [{url: "https://a.example", title: }]', 'link-title-number': 'links: [{url: "https://a.example", title: 1}]',
  'link-icon-blank': 'links: [{url: "https://a.example", icon: " "}]', 'link-type-blank': 'links: [{url: "https://a.example", type: " "}]', 'link-type-empty': 'links: [{url: "https://a.example", type: ""}]',
  'link-extra': 'links: [{url: "https://a.example", more: 1}]', 'link-port': 'links: [{url: "https://a.example:99999"}]', 'link-padded': 'links: [{url: " https://a.example "}]',
})) doc('metadata', label, entity({ metadata }));

// The root.
doc('envelope', 'relations', entity({ root: 'relations: []' }));
doc('envelope', 'status', entity({ root: 'status: {}' }));
doc('envelope', 'unknown-field', entity({ root: 'foo: bar' }));
doc('envelope', 'merge-key-at-root', entity({ root: '<<: {foo: bar}' }));
doc('envelope', 'spec-null', entity({ spec: '' }));
doc('envelope', 'spec-list', entity({ spec: '[]' }));
doc('envelope', 'spec-missing', entity({ spec: null }));
doc('envelope', 'own-kind-spec-null', entity({ kind: 'Product', apiVersion: 'example.com/v1', spec: '' }));
doc('envelope', 'metadata-null', 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\nspec: {}');
doc('envelope', 'metadata-list', 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: []\nspec: {}');
doc('envelope', 'metadata-missing', 'apiVersion: backstage.io/v1alpha1\nkind: Component\nspec: {}');
doc('envelope', 'list', '- a\n- b');
doc('envelope', 'text', 'just text');
doc('envelope', 'number', '5');
doc('envelope', 'null', '~');
doc('envelope', 'nothing', '');
doc('envelope', 'empty-map', '{}');

// Every kind: everything right, then each field missing, null, empty and of another type.
const kinds = {
  Component: { required: { type: 'service', lifecycle: 'production', owner: 'team' }, text: ['system', 'subcomponentOf'], lists: ['providesApis', 'consumesApis', 'dependsOn'] },
  API: { required: { type: 'openapi', lifecycle: 'production', owner: 'team', definition: 'text' }, text: ['system'], lists: [] },
  Resource: { required: { type: 'database', owner: 'team' }, text: ['system'], lists: ['dependsOn'] },
  System: { required: { owner: 'team' }, text: ['domain', 'type'], lists: [] },
  Domain: { required: { owner: 'team' }, text: ['subdomainOf', 'type'], lists: [] },
  Group: { required: { type: 'team', children: '[]' }, text: ['parent'], lists: ['children', 'members'] },
  User: { required: { memberOf: '[team]' }, text: [], lists: ['memberOf'] },
  Location: { required: {}, text: ['type', 'target'], lists: ['targets'] },
  Template: { apiVersion: 'scaffolder.backstage.io/v1beta3', required: { type: 'service', steps: '[{action: debug:log}]' }, text: ['owner', 'lifecycle'], lists: [] },
};
const flow = fields => `{${Object.entries(fields).map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
for (const [kind, { apiVersion, required, text, lists }] of Object.entries(kinds)) {
  const file = `spec-${kind.toLowerCase()}`;
  const write = (label, fields) => doc(file, `${kind}-${label}`, entity({ kind, apiVersion, spec: flow(fields) }));
  write('complete', required);
  write('extra', { ...required, another: '[1, null]' });
  for (const field of Object.keys(required)) {
    write(`without-${field}`, Object.fromEntries(Object.entries(required).filter(([key]) => key !== field)));
    for (const [label, value] of [['null', ''], ['empty', '""'], ['number', '5'], ['map', '{a: b}'], ['list', '[]']]) {
      if (!(lists.includes(field) && label === 'list')) write(`${field}-${label}`, { ...required, [field]: value });
    }
  }
  for (const field of text) {
    for (const [label, value] of [['text', 'some'], ['null', ''], ['empty', '""'], ['boolean', 'true'], ['list', '[a]']]) {
      write(`${field}-${label}`, { ...required, [field]: value });
    }
  }
  for (const field of lists) {
    for (const [label, value] of [['text', 'a'], ['null', ''], ['items', '["component:a", "component:b/c"]'], ['empty', '[]'], ['empty-item', '[""]'], ['null-item', '[null]'], ['number-item', '[5]']]) {
      write(`${field}-${label}`, { ...required, [field]: value });
    }
  }
}
for (const [label, spec] of Object.entries({
  'presence-required': '{target: ./a.yaml, presence: required}', 'presence-optional': '{targets: [./a.yaml], presence: optional}',
  'presence-other': '{target: ./a.yaml, presence: maybe}', 'presence-null': '{target: ./a.yaml, presence: }', 'nothing': '{}',
})) doc('spec-location', `Location-${label}`, entity({ kind: 'Location', spec }));
for (const kind of ['Group', 'User']) {
  const base = kind === 'Group' ? 'type: team, children: []' : 'memberOf: []';
  for (const [label, profile] of Object.entries({
    full: '{displayName: D, email: e, picture: p}', null: '', empty: '{}', text: 'x', 'name-empty': '{displayName: ""}', 'email-number': '{email: 5}', extra: '{more: 1}',
  })) doc(`spec-${kind.toLowerCase()}`, `${kind}-profile-${label}`, entity({ kind, spec: `{${base}, profile: ${profile}}` }));
}
for (const [label, more] of Object.entries({
  'parameters-map': 'parameters: {required: [a], properties: {}}', 'parameters-list': 'parameters: [{title: a}, {title: b}]', 'parameters-text': 'parameters: x',
  'parameters-null': 'parameters: ', 'parameters-list-text': 'parameters: [a]', 'permissions': 'parameters: {"backstage:permissions": {tags: [a]}}',
  'permissions-text': 'parameters: {"backstage:permissions": a}', 'permissions-tag': 'parameters: [{"backstage:permissions": {tags: [1]}}]',
  'secrets': 'secrets: {schema: {type: object}}', 'secrets-text': 'secrets: a', 'secrets-schema-text': 'secrets: {schema: a}',
  'output-links': 'output: {links: [{title: T, url: u, icon: i, entityRef: e, if: true}]}', 'output-link-empty-url': 'output: {links: [{url: ""}]}',
  'output-text': 'output: {text: [{title: T, content: ""}]}', 'output-other': 'output: {remoteUrl: "${{ x }}"}', 'output-other-number': 'output: {remoteUrl: 5}', 'output-list': 'output: []',
  'presentation': 'presentation: {buttonLabels: {backButtonText: a}}', 'presentation-number': 'presentation: {buttonLabels: {backButtonText: 5}}',
  'recovery': 'EXPERIMENTAL_recovery: {EXPERIMENTAL_strategy: startOver}', 'recovery-number': 'EXPERIMENTAL_recovery: {EXPERIMENTAL_strategy: 1}',
  'decorators': 'formDecorators: [{id: a, input: {}}]', 'decorators-bad': 'formDecorators: [{id: 1}]', 'experimental-decorators-bad': 'EXPERIMENTAL_formDecorators: {}',
})) doc('spec-template', `Template-${label}`, entity({ kind: 'Template', apiVersion: 'scaffolder.backstage.io/v1beta3', spec: `{type: service, steps: [], ${more}}` }));
for (const [label, step] of Object.entries({
  full: '{id: a, name: b, action: c, input: {x: [1]}, if: "${{ y }}"}', 'no-action': '{id: a}', 'action-number': '{action: 1}', 'action-empty': '{action: ""}', 'if-boolean': '{action: a, if: false}',
  'if-number': '{action: a, if: 1}', 'if-null': '{action: a, if: }', 'input-text': '{action: a, input: x}', 'each': '{action: a, each: "${{ z }}"}', text: 'a', 'id-number': '{action: a, id: 5}',
})) doc('spec-template', `Template-step-${label}`, entity({ kind: 'Template', apiVersion: 'scaffolder.backstage.io/v1beta3', spec: `{type: service, steps: [${step}]}` }));
doc('spec-template', 'Template-core-version', entity({ kind: 'Template', spec: '{type: service, steps: []}' }));
doc('spec-template', 'Template-v1beta2', entity({ kind: 'Template', apiVersion: 'scaffolder.backstage.io/v1beta2', spec: '{type: service, steps: []}' }));

// Placeholders. The reference's processor replaces them before it validates; the file behind them is text here.
for (const [label, spec] of Object.entries({
  text: '{type: openapi, lifecycle: production, owner: team, definition: {$text: ./openapi.yaml}}',
  yaml: '{type: openapi, lifecycle: production, owner: team, definition: {$yaml: ./openapi.yaml}}',
  json: '{type: openapi, lifecycle: production, owner: team, definition: {$json: ./openapi.json}}',
  unknown: '{type: openapi, lifecycle: production, owner: team, definition: {$openapi: ./openapi.yaml}}',
  'two-keys': '{type: openapi, lifecycle: production, owner: team, definition: {$text: ./a, more: 1}}',
  'number': '{type: openapi, lifecycle: production, owner: team, definition: {$text: 5}}',
  'list': '{type: openapi, lifecycle: production, owner: team, definition: {$text: [./a]}}',
  'owner': '{type: openapi, lifecycle: production, owner: {$text: ./owner}, definition: d}',
  'nested-below-dollar': '{type: openapi, lifecycle: production, owner: team, definition: d, more: {$text: ./a, inner: {$text: 5}}}',
})) doc('placeholders', `placeholder-${label}`, entity({ kind: 'API', spec }));
doc('placeholders', 'placeholder-annotation', entity({ metadata: 'annotations: {a: {$text: ./a}}' }));
doc('placeholders', 'placeholder-name', entity({ name: '{$text: ./name}' }));
doc('placeholders', 'placeholder-kind', entity({ kind: '{$text: ./kind}' }));

// YAML itself: each its own file, so that one cannot disturb the next.
const good = entity();
const also = entity({ name: 'also' });
const note = text => `${entity({ metadata: `annotations:\n  note: ${text}` })}\n`;
const yaml = {
  'bom': `\ufeff${good}\n`, 'crlf': `${good}\n---\n${also}\n`.replaceAll('\n', '\r\n'), 'comments-only': '# nothing\n', 'empty': '', 'markers-only': '---\n---\n...\n',
  'end-marker': `${good}\n...\n`, 'bare-after-end-marker': `${good}\n...\n${also}\n`, 'leading-marker': `---\n${good}\n---\n${also}\n---\n`, 'leading-comment': `# c\n---\n# d\n${good}\n`,
  'flow-document': '{"apiVersion": "backstage.io/v1alpha1", "kind": "System", "metadata": {"name": "j"}, "spec": {"owner": "t"}}\n',
  'json-lines': '{"apiVersion": "backstage.io/v1alpha1", "kind": "System",\n "metadata": {"name": "j"},\n "spec": {"owner": "t"}}\n',
  'duplicate-root': `${good}\nkind: API\n`, 'duplicate-nested': note('a\n  note: b'), 'duplicate-quoted': note('a\n  "note": b'), 'duplicate-merge': `${entity({ metadata: '<<: {a: 1}\n<<: {b: 1}' })}\n`,
  'bad-then-good': `kind: [1\n---\n${good}\n`, 'good-then-bad': `${good}\n---\nkind: [1\n`, 'bad-between': `${good}\n---\na: b: c\n---\n${also}\n`, 'duplicate-then-good': `${good}\nkind: API\n---\n${also}\n`,
  'invalid-then-good': `${entity({ name: '"-"' })}\n---\n${also}\n`, 'tab-indent': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n\tname: x\nspec:\n  owner: t\n',
  'tab-after-colon': 'apiVersion:\tbackstage.io/v1alpha1\nkind:\tSystem\nmetadata:\n  name:\tx\nspec:\n  owner:\tt\n', 'tab-in-flow': `${entity({ spec: '{type: a,\tlifecycle: b,\towner: c}' })}\n`, 'tab-blank-line': `${good}\n\t\n`,
  'trailing-spaces': `${good}   \n`, 'no-final-newline': good, 'indent-wrong': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: x\n   title: y\nspec: {owner: t}\n',
  'indent-less': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  labels:\n    a: b\n   c: d\nspec: {owner: t}\n', 'colon-in-value': note('a: b'), 'colon-end': note('a:'), 'colon-no-space': note('a:b'), 'hash': note('a #b'), 'hash-joined': note('a#b'),
  'at-sign': note('@team'), 'backtick': note('`a`'), 'percent': note('%a'), 'star': note('*'), 'ampersand': note('& a'), 'exclamation': note('! a'), 'question': note('?a'), 'dash': note('-a'), 'dash-space': note('- a'), 'pipe': note('|\n    a\n    b'), 'folded': note('>-\n    a\n    b'), 'pipe-keep': note('|+\n    a\n\n'), 'pipe-indent': note('|2\n      a'), 'block-less': note('|\n a'), 'brace': note('{a}'), 'brace-template': note('{{ a }}'), 'dollar-brace': note('${{ a }}'), 'bracket': note('[a'), 'quote-open': note('"a'), 'quote-after': note('"a" b'), 'quote-comment': note('"a"#b'), 'single-quote': note("'it''s'"), 'single-quote-open': note("'a"), 'escape': note('"\\u00e9\\n"'), 'escape-bad': note('"\\q"'), 'multi-line': note('a\n    b'), 'multi-line-quoted': note('"a\n    b"'), 'multi-line-less': note('"a\n b"'), 'emoji': note('🚢 ü'),
  'anchor': `${entity({ metadata: 'title: &t Hello\ndescription: *t' })}\n`, 'anchor-map': `${entity({ metadata: 'labels: &l {a: b}\nannotations: *l' })}\n`, 'alias-unknown': `${entity({ metadata: 'title: *t' })}\n`, 'alias-other-document': `${entity({ metadata: 'title: &t Hello' })}\n---\n${entity({ name: 'b', metadata: 'title: *t' })}\n`, 'anchor-twice': `${entity({ metadata: 'title: &t a\ndescription: &t b\nlabels: {x: *t}' })}\n`, 'alias-key': `${entity({ metadata: 'title: &t a\nlabels:\n  *t : b' })}\n`, 'merge-in-spec': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec:\n  <<: {owner: t}\n', 'merge-harmless': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec:\n  <<: {a: b}\n  owner: t\n', 'anchor-recursive': `${entity({ metadata: 'more: &m [*m]' })}\n`,
  'tag-str': note('!!str 5'), 'tag-int': note('!!int "5"'), 'tag-unknown': note('!mine a'), 'tag-timestamp': note('!!timestamp 2024-01-01'), 'tag-bang': note('! 5'), 'tag-undeclared': note('!e!x a'), 'tag-declared': `%TAG !e! tag:e.example,2024:\n---\n${note('!e!x a')}`, 'tag-map': `${entity({ spec: '!!map {type: a, lifecycle: b, owner: c}' })}\n`,
  'directive-12': `%YAML 1.2\n---\n${good}\n`, 'directive-unknown': `%FOO bar\n---\n${good}\n`, 'directive-middle': `${good}\n%YAML 1.2\n---\n${also}\n`, 'key-complex': `${entity({ metadata: '? [a]\n: b' })}\n`, 'key-question': `${entity({ metadata: '? title\n: b' })}\n`, 'key-multi-line': `${good}\nfoo\nbar: 1\n`, 'key-1024': `${entity({ spec: null })}\nspec:\n  owner: t\n  ${a(1024)}: 1\n`.replace('kind: Component', 'kind: System'), 'key-1025': `${entity({ spec: null })}\nspec:\n  owner: t\n  ${a(1025)}: 1\n`.replace('kind: Component', 'kind: System'), 'key-alone': `${good}\nfoo\n`, 'key-null': `${entity({ metadata: '? \n: b' })}\n`, 'key-boolean': `${entity({ metadata: 'labels: {true: b}' })}\n`,
  'flow-no-space': `${entity({ kind: 'User', spec: '{memberOf:[team]}' })}\n`, 'flow-unclosed-map': 'kind: {a: b\n', 'flow-trailing-comma': `${entity({ metadata: 'tags: [a, b,]' })}\n`, 'flow-double-comma': `${entity({ metadata: 'tags: [a,,b]' })}\n`, 'flow-missing-comma': `${entity({ spec: '{type: a lifecycle: b, owner: c}' })}\n`, 'flow-multi-line': `${entity({ spec: '{\n    type: a,\n    lifecycle: b,\n    owner: c\n  }' })}\n`, 'flow-at-column-0': `${entity({ spec: '{\ntype: a,\nlifecycle: b,\nowner: c\n}' })}\n`, 'flow-list-at-column-0': `${entity({ spec: null })}\nspec: {owner: t, list: [\na,\nb\n]}\n`.replace('kind: Component', 'kind: System'), 'sequence-not-indented': 'apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: x\n  tags:\n  - a\n  - b\nspec:\n  owner: t\n', 'marker-in-quotes': `${entity({ metadata: 'title: "a' })}\n---\n${also}\n`, 'marker-in-block': `${entity({ metadata: 'description: |\n  a\n  --- b' })}\n`, 'marker-joined': `${good}\n---foo\n`, 'marker-content': `--- {apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}, spec: {owner: t}}\n--- text\n`, 'comment-after-block': `${good}\n# end\n`, 'comment-indent': `apiVersion: backstage.io/v1alpha1\n# a\n   # b\nkind: System\nmetadata:\n# c\n  name: x\nspec: {owner: t}\n`, 'deep-60': `${entity({ metadata: `more: ${'['.repeat(60)}${']'.repeat(60)}` })}\n`, 'nested-list-map': `${entity({ metadata: 'more:\n- - a\n  - b: c\n    d: e\n- f' })}\n`, 'windows-path': note('"C:\\\\x"'), 'url': note('https://a.example/x?y=1#z'), 'unicode-key': `${entity({ metadata: 'größe: 5' })}\n`, 'nbsp': note('a\u00a0b'), 'long-line': note(a(20000)),
};
// Brackets over several lines, in a mapping below metadata and at the root.
const brackets = {
  'content-deeper': "x: {\n a: 1\n}",
  'content-same': "x: {\na: 1\n}",
  'inner-list': "x: {a: [\n1\n]}",
  'inner-list-deeper': "x: {a: [\n 1\n ]}",
  'inner-close': "x: {a: [\n 1\n]}",
  'in-list': "- a: {\n   b: 1\n  }",
  'in-list-less': "- a: {\n b: 1\n}",
  'dash': "- {\n b: 1\n}",
  'own-line': "x:\n  {\n a: 1\n }",
  'deeper-close-less': "x:\n  y: {\n   a: 1\n}",
  'deeper-close-same': "x:\n  y: {\n   a: 1\n  }",
  'list-close': "x: [\n  a,\n]",
  'pair-in-list': "x: [\n a: b\n]",
  'null-before-close': "x: {\n a:\n}",
  'comment': "x: {\n# c\n  a: b\n}",
  'comma-first': "x: {\n  a: b\n  , c: d\n}",
  'quoted-less': "x: {\n  a: \"b\nc\"\n}",
};
for (const [label, text] of Object.entries(brackets)) {
  yaml[`flow-${label}`] = `${entity({ metadata: `more:\n${text.replace(/^/gm, '  ')}` })}\n`;
  // A foreign field refuses the document, but its neighbour shows whether the reader found its way.
  yaml[`flow-root-${label}`] = `${text}\n---\n${also}\n`;
}

for (const [label, text] of Object.entries(yaml)) single.set(`yaml-${label}`, text);

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder).filter(name => name.endsWith('.yaml'))) rmSync(join(folder, name));
for (const [file, docs] of many) writeFileSync(join(folder, `${file}.yaml`), docs.join(''));
for (const [file, text] of single) writeFileSync(join(folder, `${file}.yaml`), text);
