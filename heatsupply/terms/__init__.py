"""What a programme says, with the portal's proposal where its document is silent."""
