// Signing in: the session is a cookie that no script reads; then on to where the person wanted to go, if that is a page of this console.
import { forgetPasskey } from "./passkey.js";

const place = document.querySelector("[data-next]");

/** A path of this site that no browser reads as another site. The server has checked it before; an address is cheap to check twice. */
const isPlain = (path) => /^\/(?!.*\/\/)[!-[\]-~]*$/.test(path);

// Somebody else may have used this browser before.
forgetPasskey();
place?.addEventListener("acted", (event) => {
  event.preventDefault();
  location.replace(isPlain(place.dataset.next) ? place.dataset.next : "/");
});
