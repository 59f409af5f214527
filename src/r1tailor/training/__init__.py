"""The engine: loss, optimizer, scheduler, the LightningModule, checkpoints, and the run itself."""
