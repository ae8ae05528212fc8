"""Messages that follow one another at set delays after something happened."""
