"""What the exercises of several chapters share: changes of the rows, pages as a browser reads them."""
