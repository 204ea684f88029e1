// One's own entry: another phrase goes through the private ceremony; everything else is an act like any other.
const form = document.querySelector("#phrase");
let ceremony;

// Its scripts, and the lists of words with them, come when somebody begins.
const load = () => (ceremony ??= import("./ceremony.js").then(({ Ceremony }) => new Ceremony()));

form.addEventListener("focusin", load);
form.addEventListener("acted", (event) => {
  event.preventDefault();
  event.target.reset();
  load().then((begun) => begun.begin(event.detail));
});
