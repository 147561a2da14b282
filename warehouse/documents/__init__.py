"""Commands over many products, all or nothing: Receive Delivery, Ship Order, Count Shelf."""
