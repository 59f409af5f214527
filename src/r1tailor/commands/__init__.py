"""What the commands of ``r1tailor`` do, one module each."""
