"""The page of the carrier, on the carrier's own origin. It would like to read the shop's answers."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Parcel tracking</title><link rel="icon" href="data:,"></head>
<body>
<h1>Where is my parcel?</h1>
<form>
  <p><label>Shop <input name="shop" value="http://127.0.0.1:8000"></label></p>
  <p><label>Parcel <input name="number"></label></p>
  <button>Show</button>
</form>
<p role="status"></p>
<script>
  const form = document.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = document.querySelector("[role=status]");
    try {
      const { shop, number } = Object.fromEntries(new FormData(form));
      const answer = await fetch(`${shop}/partners/parcels/${encodeURIComponent(number)}/`);
      status.textContent = answer.ok ? (await answer.json()).status : "There is no such parcel.";
    } catch (error) {
      status.textContent = "The browser does not show us the answer.";
    }
  });
</script>
</body>
</html>
"""
