// A link carries its code behind the #: it is put into the field, and taken out of the address.
const code = decodeURIComponent(location.hash.slice(1));
if (/^[0-9A-Z-]{20,40}$/i.test(code)) {
  document.querySelector('input[name="code"]').value = code;
  history.replaceState(null, '', location.pathname + location.search);
}
