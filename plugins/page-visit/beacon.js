// Tells Followup which pages a person visits who came from one of our mails.
//
//   <script src="https://your.host/hooks/NAME/beacon.js" async></script>
//
// A link in a mail carries `fu`, which this script keeps and takes out of the address. Pages that
// know their visitor may say so: followup.identify("ada@example.com"), where the connection trusts
// them. Pages that change without loading call followup.visit(). No cookies; nothing is told of
// visitors who ask not to be tracked, and what was kept of them is forgotten.
(function () {
  "use strict";

  var KEY = "followup";
  var script = document.currentScript;
  var source = (script && script.src) || "";
  var endpoint =
    (script && script.getAttribute("data-endpoint")) ||
    source.replace(/\/beacon\.js(\?.*)?$/, "");

  function unwanted() {
    return (
      navigator.globalPrivacyControl === true ||
      navigator.doNotTrack === "1" ||
      window.doNotTrack === "1"
    );
  }

  // Storage may be switched off; then a visit is known on the page that the link led to only.
  var kept = {};
  function load() {
    try {
      kept = JSON.parse(localStorage.getItem(KEY)) || {};
    } catch (e) {
      kept = {};
    }
  }
  function save() {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch (e) {}
  }
  function forget() {
    kept = {};
    try {
      localStorage.removeItem(KEY);
    } catch (e) {}
  }

  // Out of the address, so that it is neither bookmarked nor passed on.
  function takeToken() {
    var url = new URL(location.href);
    var token = url.searchParams.get("fu");
    if (!token) return;
    kept.fu = token;
    save();
    url.searchParams.delete("fu");
    history.replaceState(history.state, "", url.href);
  }

  function send() {
    if (!kept.fu && !kept.email) return;
    var report = {
      url: location.origin + location.pathname,
      title: document.title,
      referrer: (document.referrer || "").split(/[?#]/)[0],
      fu: kept.fu,
      email: kept.email,
    };
    // As text/plain, which a browser sends without asking first.
    var body = JSON.stringify(report);
    if (navigator.sendBeacon && navigator.sendBeacon(endpoint, body)) return;
    fetch(endpoint, { method: "POST", body: body, keepalive: true, mode: "cors", credentials: "omit" })
      .catch(function () {});
  }

  // A page that is loaded ahead, or in the background, is visited once somebody sees it.
  function whenSeen(then) {
    if (document.prerendering || document.visibilityState !== "visible") {
      var changed = document.prerendering ? "prerenderingchange" : "visibilitychange";
      document.addEventListener(changed, function () { whenSeen(then); }, { once: true });
    } else {
      then();
    }
  }

  function visit() {
    if (unwanted()) return forget();
    if (navigator.webdriver) return;
    load();
    takeToken();
    whenSeen(send);
  }

  window.followup = {
    visit: visit,
    identify: function (email) {
      if (unwanted()) return forget();
      load();
      kept.email = String(email);
      save();
      visit();
    },
    forget: forget,
  };
  if (endpoint) visit();
})();
