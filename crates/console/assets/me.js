// One's own entry: another phrase goes through the private ceremony; everything else is an act like any other.
import { Ceremony } from "./ceremony.js";

const ceremony = new Ceremony();

document.querySelector("#phrase").addEventListener("acted", (event) => {
  event.preventDefault();
  event.target.reset();
  ceremony.begin(event.detail);
});
