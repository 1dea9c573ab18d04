export function ConnectionPage() {
  return <h1>x</h1>;
}
